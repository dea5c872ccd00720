// SPDX-License-Identifier: Apache-2.0
// The rows of the feed grouped by case, and what waits behind the bar.
//
// A row that is on the screen is updated where it stands; it moves only when the reader asks.
// New cases, and known ones that would move up, wait. The bar counts alerts, not rows: that is
// what the analyst missed.
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { api, must } from '@/api/client'
import { usePaged } from '@/api/paged'
import { onStream } from '@/api/stream'
import type { Case } from '@/api/types'
import { caseMatches, caseMatchesLocally, type Filters } from './filters'

// Filters the collector does not know are applied here; reading on stops after this many cases.
const MAX_SCANNED = 1_000
const WANTED_ROWS = 60

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
          },
        },
      }),
    ),
  )
  const changed = shallowRef(new Map<number, Case>())
  const arrived = shallowRef(new Map<number, Case>())
  const waiting = ref(0)

  const isLocal = computed(() => Boolean(filters.value.zone || filters.value.q || filters.value.unmapped))
  const rows = computed(() =>
    paged.items.value.map((c) => changed.value.get(c.id) ?? c).filter((c) => caseMatchesLocally(c, filters.value)),
  )
  const scanned = computed(() => (isLocal.value ? paged.items.value.length : 0))

  async function restart(): Promise<void> {
    changed.value = new Map()
    arrived.value = new Map()
    waiting.value = 0
    await paged.restart()
    if (isLocal.value && rows.value.length < WANTED_ROWS && !paged.isDone.value) await loadMore()
  }

  async function loadMore(): Promise<void> {
    const wanted = rows.value.length + WANTED_ROWS
    do {
      await paged.load()
    } while (
      isLocal.value &&
      rows.value.length < wanted &&
      !paged.isDone.value &&
      !paged.problem.value &&
      paged.items.value.length < MAX_SCANNED
    )
  }

  function showWaiting(): void {
    const all = new Map(paged.items.value.map((c) => [c.id, changed.value.get(c.id) ?? c]))
    for (const [id, item] of arrived.value) all.set(id, item)
    paged.items.value = [...all.values()].sort((a, b) => Date.parse(b.last_seen) - Date.parse(a.last_seen))
    changed.value = new Map()
    arrived.value = new Map()
    waiting.value = 0
  }

  onStream('case', (item) => {
    const isShown = paged.items.value.some((c) => c.id === item.id)
    if (!isShown && !caseMatches(item, filters.value)) return
    const before = changed.value.get(item.id) ?? arrived.value.get(item.id) ?? paged.items.value.find((c) => c.id === item.id)
    const target = isShown ? changed : arrived
    target.value = new Map(target.value).set(item.id, item)
    waiting.value += Math.max(0, item.count - (before?.count ?? 0))
    if (paged.items.value.length === 0) showWaiting() // nothing is shown, so nothing can jump
  })
  onStream('reset', () => void restart())

  watch(filters, (now, before) => {
    const isSameQuestion =
      now.facility === before.facility && now.severity === before.severity && now.state === before.state
    if (!isSameQuestion) void restart()
    else if (isLocal.value && rows.value.length < WANTED_ROWS) void loadMore()
  })

  return { ...paged, rows, scanned, waiting, restart, loadMore, showWaiting }
}
