// SPDX-License-Identifier: Apache-2.0
// What went wrong with a request, in the collector's own words where it said any.
import type { ProblemBody } from './types'

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly fields: ReadonlyMap<string, string>

  constructor(status: number, body: Partial<ProblemBody> | null) {
    super(body?.detail || body?.title || `HTTP ${status}`)
    this.name = 'Problem'
    this.status = status
    this.code = body?.code ?? (status === 0 ? 'unreachable' : 'unknown')
    this.fields = new Map((body?.errors ?? []).map((e) => [e.field, e.message]))
  }

  static from(error: unknown): Problem {
    if (error instanceof Problem) return error
    return new Problem(0, { detail: error instanceof Error ? error.message : String(error) })
  }
}
