// SPDX-License-Identifier: Apache-2.0
// Who is logged in. The cookie itself is out of reach of scripts; only the CSRF token is held.
import { computed, ref } from 'vue'
import { api, must, setCsrfToken, setSessionLostHandler } from '@/api/client'
import { closeStream, openStream } from '@/api/stream'
import type { Session } from '@/api/types'

const session = ref<Session | null>(null)
let isResumed = false

export const currentUser = computed(() => session.value)
export const canAct = computed(() => session.value !== null && session.value.role !== 'viewer')

function begin(next: Session): void {
  session.value = next
  setCsrfToken(next.csrf_token)
  openStream()
}

function end(): void {
  session.value = null
  setCsrfToken('')
  closeStream()
}

export function onSessionLost(handler: () => void): void {
  setSessionLostHandler(() => {
    end()
    handler()
  })
}

/* Takes up the session of the cookie after a page load; asks the collector only once. */
export async function resumeSession(): Promise<boolean> {
  if (session.value) return true
  if (isResumed) return false
  isResumed = true
  try {
    begin(await must(api.GET('/api/v1/session')))
    return true
  } catch {
    return false
  }
}

export async function logIn(user: string, password: string): Promise<void> {
  begin(await must(api.POST('/api/v1/session', { body: { user, password } })))
}

export async function logOut(): Promise<void> {
  try {
    await api.DELETE('/api/v1/session', { params: { header: csrfHeader() } })
  } finally {
    end()
  }
}

export async function changePassword(old: string, fresh: string): Promise<void> {
  await must(api.POST('/api/v1/session/password', { params: { header: csrfHeader() }, body: { old, new: fresh } }))
  if (session.value) session.value = { ...session.value, must_change: false }
}

/* The header the description asks for with every change; the client sets it once more itself. */
export function csrfHeader(): { 'X-CSRF-Token': string } {
  return { 'X-CSRF-Token': session.value?.csrf_token ?? '' }
}
