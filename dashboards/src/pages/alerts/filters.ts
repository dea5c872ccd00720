// SPDX-License-Identifier: Apache-2.0
// What the feed is narrowed to. The address holds it, so a link shows a colleague the same list.
import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { Alert, Case, CaseState } from '@/api/types'

export interface Filters {
  view: 'case' | 'single'
  facility: string
  severity: number
  zone: string
  state: CaseState | ''
  unmapped: boolean
  q: string
}

const STATES: readonly CaseState[] = ['open', 'incident', 'closed']

export function useFilters() {
  const route = useRoute()
  const router = useRouter()

  const text = (key: string): string => {
    const value = route.query[key]
    return typeof value === 'string' ? value : ''
  }

  const filters = computed<Filters>(() => ({
    view: text('view') === 'single' ? 'single' : 'case',
    facility: text('facility'),
    severity: [1, 2, 3, 4].find((n) => String(n) === text('severity')) ?? 0,
    zone: text('zone'),
    state: STATES.find((s) => s === text('state')) ?? '',
    unmapped: text('unmapped') === '1',
    q: text('q'),
  }))

  function setFilters(change: Partial<Filters>): void {
    const next = { ...filters.value, ...change }
    const query: Record<string, string> = {}
    if (next.view === 'single') query.view = 'single'
    if (next.facility) query.facility = next.facility
    if (next.severity) query.severity = String(next.severity)
    if (next.zone) query.zone = next.zone
    if (next.state) query.state = next.state
    if (next.unmapped) query.unmapped = '1'
    if (next.q) query.q = next.q
    void router.replace({ query })
  }

  return { filters, setFilters }
}

/* As the collector judges, for what the stream brings. */
export function caseMatches(item: Case, f: Filters): boolean {
  return (
    (!f.facility || item.facility?.id === f.facility) &&
    (!f.severity || item.severity === f.severity) &&
    (!f.state || item.state === f.state) &&
    (!f.zone || item.zone === f.zone) &&
    (!f.unmapped || item.facility === null) &&
    (!f.q || caseHolds(item, f.q))
  )
}

function caseHolds(item: Case, q: string): boolean {
  if (item.src_ip === q || item.dest_ip === q) return true
  const shown = [item.title, item.facility?.name, item.facility?.id, String(item.sid)]
  return shown.some((text) => text?.toLowerCase().includes(q.toLowerCase()))
}

export function alertMatches(item: Alert, f: Filters): boolean {
  return (
    (!f.facility || item.facility?.id === f.facility) &&
    (!f.severity || item.severity === f.severity) &&
    (!f.zone || item.zone === f.zone) &&
    (!f.unmapped || !item.mapped) &&
    (!f.q ||
      item.signature.toLowerCase().includes(f.q.toLowerCase()) ||
      item.src.ip === f.q ||
      item.dest.ip === f.q)
  )
}
