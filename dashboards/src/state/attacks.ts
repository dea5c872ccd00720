// SPDX-License-Identifier: Apache-2.0
// Which facilities are under attack at this moment: those with an open case that saw an alert
// within the last quarter of an hour. Seeded from the newest cases, kept true by the stream.
import { computed, ref } from 'vue'
import { api, must } from '@/api/client'
import type { Case, Named } from '@/api/types'
import { nowMs } from './now'

// Long enough that a slow scan stays on the strip, short enough that it means "now".
const WINDOW_MS = 15 * 60_000
const MAX_CASES = 500

export interface Attack {
  facility: Named
  severity: number
  cases: number
  last: number
}

/* Never by time: chips that swap places with every alert cannot be clicked. */
function byGravity(a: Attack, b: Attack): number {
  return a.severity - b.severity || b.cases - a.cases || a.facility.id.localeCompare(b.facility.id)
}

const recent = ref(new Map<number, Case>())

export async function loadAttacks(): Promise<void> {
  const page = await must(api.GET('/api/v1/cases', { params: { query: { limit: 200 } } }))
  recent.value = new Map(page.items.reverse().map((c) => [c.id, c]))
}

export function applyCasesToAttacks(batch: Case[]): void {
  const next = new Map(recent.value)
  for (const item of batch) {
    next.delete(item.id) // so that it goes to the end: the front is what is dropped
    next.set(item.id, item)
  }
  for (const id of next.keys()) {
    if (next.size <= MAX_CASES) break
    next.delete(id)
  }
  recent.value = next
}

export const attacks = computed<Attack[]>(() => {
  const since = nowMs.value - WINDOW_MS
  const byFacility = new Map<string, Attack>()
  for (const item of recent.value.values()) {
    const last = Date.parse(item.last_seen)
    if (!item.facility || item.state === 'closed' || last < since) continue
    const known = byFacility.get(item.facility.id)
    if (!known) {
      byFacility.set(item.facility.id, { facility: item.facility, severity: item.severity, cases: 1, last })
      continue
    }
    known.cases += 1
    known.severity = Math.min(known.severity, item.severity)
    known.last = Math.max(known.last, last)
  }
  return [...byFacility.values()].sort(byGravity)
})
