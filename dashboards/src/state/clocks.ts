// SPDX-License-Identifier: Apache-2.0
// The open legal clocks of all incidents, the next due first, and the numbers of the last day.
//
// Loaded from the overview and kept true by the stream: a `clock` event replaces its edge, an
// edge that is submitted or cancelled leaves.
import { computed, ref } from 'vue'
import { api, must } from '@/api/client'
import { Problem } from '@/api/problem'
import type { ClockEvent, EdgeState, Overview } from '@/api/types'

const RELOAD_MS = 60_000
const SOON_MS = 3_000

const overview = ref<Overview | null>(null)
const problem = ref<Problem | null>(null)
const clocks = ref(new Map<number, ClockEvent>())
let timer = 0
let soonTimer = 0

export const currentOverview = computed(() => overview.value)
export const overviewProblem = computed(() => problem.value)
export const openClocks = computed(() => [...clocks.value.values()].sort(byUrgency))

export function isOpen(state: EdgeState): boolean {
  return state === 'pending' || state === 'due_soon' || state === 'overdue'
}

/* Real before exercise, dated before "promptly", earliest first. */
function byUrgency(a: ClockEvent, b: ClockEvent): number {
  if (a.exercise !== b.exercise) return a.exercise ? 1 : -1
  if (a.due_at === null || b.due_at === null) return Number(a.due_at === null) - Number(b.due_at === null)
  return Date.parse(a.due_at) - Date.parse(b.due_at)
}

export async function reloadOverview(): Promise<void> {
  try {
    const answer = await must(api.GET('/api/v1/overview'))
    overview.value = answer
    clocks.value = new Map(answer.clocks.map((c) => [c.edge_id, c]))
    problem.value = null
  } catch (error) {
    problem.value = Problem.from(error)
  }
}

export function applyClockEvent(event: ClockEvent): void {
  const next = new Map(clocks.value)
  if (isOpen(event.state)) next.set(event.edge_id, event)
  else next.delete(event.edge_id)
  clocks.value = next
}

/* New alerts change the numbers of the day; asking for each of a flood would be a flood itself. */
export function reloadOverviewSoon(): void {
  soonTimer ||= window.setTimeout(() => {
    soonTimer = 0
    void reloadOverview()
  }, SOON_MS)
}

export function startOverview(): void {
  window.clearInterval(timer)
  void reloadOverview()
  timer = window.setInterval(() => void reloadOverview(), RELOAD_MS)
}

export function stopOverview(): void {
  window.clearInterval(timer)
  window.clearTimeout(soonTimer)
  soonTimer = 0
  overview.value = null
  clocks.value = new Map()
}
