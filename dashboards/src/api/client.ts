// SPDX-License-Identifier: Apache-2.0
// The one way to the collector. Answers that are not 2xx are thrown as Problem, so callers
// handle success on the main path; a lost session is announced once to whoever listens.
import createClient, { type Middleware } from 'openapi-fetch'
import { Problem } from './problem'
import type { paths } from './schema'

let csrfToken = ''
let onSessionLost: () => void = () => {}

export function setCsrfToken(token: string): void {
  csrfToken = token
}

export function setSessionLostHandler(handler: () => void): void {
  onSessionLost = handler
}

/* For those who learn of it by another way than a refused change: the stream. */
export function sessionIsLost(): void {
  onSessionLost()
}

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && csrfToken) request.headers.set('X-CSRF-Token', csrfToken)
    return request
  },
  async onResponse({ response, schemaPath, request }) {
    if (response.ok) return undefined
    // The health page answers its body with 503 too: a failing part is content, not an error.
    if (schemaPath === '/api/v1/health' && response.status === 503) return undefined
    const problem = new Problem(response.status, await readProblem(response))
    const isAsking = schemaPath === '/api/v1/session' && request.method === 'GET'
    // A wrong password is a 401 too, but the session, if any, still stands.
    if (problem.status === 401 && problem.code !== 'bad_credentials' && !isAsking) onSessionLost()
    throw problem
  },
}

async function readProblem(response: Response) {
  try {
    return await response.json()
  } catch {
    return null // a proxy's page in between, or no body at all
  }
}

export const api = createClient<paths>({ baseUrl: '', credentials: 'same-origin' })
api.use(guard)

/* Unwraps the answer of a call; the guard has thrown already when there is none. */
export async function must<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  try {
    const { data } = await call
    return data as T
  } catch (error) {
    throw Problem.from(error)
  }
}
