// SPDX-License-Identifier: Apache-2.0
// The rows of the feed grouped by case, and what waits behind the bar. The collector does all
// the filtering.
//
// A row that is on the screen is updated where it stands; it moves only when the reader asks.
// New cases, and known ones that would move up, wait. The bar counts alerts, not rows: that is
// what the analyst missed.
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { api, must } from '@/api/client'
import { usePaged } from '@/api/paged'
import { onStream, onStreamBatch } from '@/api/stream'
import type { Case } from '@/api/types'
import { caseMatches, type Filters } from './filters'

// A list that grew over a whole watch is fetched anew rather than carried on.
const MAX_ROWS = 5_000

export function useCaseFeed(filters: Ref<Filters>) {
  const paged = usePaged((after) =>
    must(
      api.GET('/api/v1/cases', {
        params: {
          query: {
            limit: 100,
            after,
            facility: filters.value.facility || undefined,
            severity: filters.value.severity || undefined,
            state: filters.value.state || undefined,
            zone: filters.value.zone || undefined,
            unmapped: filters.value.unmapped || undefined,
            q: filters.value.q || undefined,
          },
        },
      }),
    ),
  )
  const changed = shallowRef(new Map<number, Case>())
  const arrived = shallowRef(new Map<number, Case>())
  const waiting = ref(0)

  const rows = computed(() => paged.items.value.map((c) => changed.value.get(c.id) ?? c))

  async function restart(): Promise<void> {
    changed.value = new Map()
    arrived.value = new Map()
    waiting.value = 0
    await paged.restart()
  }

  function showWaiting(): void {
    if (paged.items.value.length > MAX_ROWS) return void restart()
    const all = new Map(paged.items.value.map((c) => [c.id, changed.value.get(c.id) ?? c]))
    for (const [id, item] of arrived.value) all.set(id, item)
    paged.items.value = [...all.values()].sort((a, b) => Date.parse(b.last_seen) - Date.parse(a.last_seen))
    changed.value = new Map()
    arrived.value = new Map()
    waiting.value = 0
  }

  function take(batch: Case[]): void {
    const shown = new Map(paged.items.value.map((c) => [c.id, c]))
    const nextChanged = new Map(changed.value)
    const nextArrived = new Map(arrived.value)
    for (const item of batch) {
      const isShown = shown.has(item.id)
      if (!isShown && !caseMatches(item, filters.value)) continue
      const before = nextChanged.get(item.id) ?? nextArrived.get(item.id) ?? shown.get(item.id)
      waiting.value += Math.max(0, item.count - (before?.count ?? 0))
      if (isShown) nextChanged.set(item.id, item)
      else nextArrived.set(item.id, item)
    }
    changed.value = nextChanged
    arrived.value = nextArrived
    if (shown.size === 0) showWaiting() // nothing is shown, so nothing can jump
  }

  onStreamBatch('case', take)
  onStream('reset', () => void restart())

  watch(filters, () => void restart())

  return { ...paged, rows, waiting, restart, showWaiting }
}
