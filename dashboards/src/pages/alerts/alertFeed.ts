// SPDX-License-Identifier: Apache-2.0
// The feed of single alerts. The collector does all the filtering; what arrives meanwhile waits.
import { computed, shallowRef, watch, type Ref } from 'vue'
import { api, must } from '@/api/client'
import { usePaged } from '@/api/paged'
import { onStream, onStreamBatch } from '@/api/stream'
import type { Alert } from '@/api/types'
import { alertMatches, type Filters } from './filters'

// Beyond this the list is fetched anew instead of being patched.
const MAX_WAITING = 500
const MAX_ROWS = 5_000

export function useAlertFeed(filters: Ref<Filters>) {
  const paged = usePaged((after) =>
    must(
      api.GET('/api/v1/alerts', {
        params: {
          query: {
            limit: 100,
            after,
            facility: filters.value.facility || undefined,
            severity: filters.value.severity || undefined,
            zone: filters.value.zone || undefined,
            unmapped: filters.value.unmapped || undefined,
            q: filters.value.q || undefined,
          },
        },
      }),
    ),
  )
  const arrived = shallowRef<Alert[]>([])
  const waiting = computed(() => arrived.value.length)

  async function restart(): Promise<void> {
    arrived.value = []
    await paged.restart()
  }

  function showWaiting(): void {
    if (arrived.value.length >= MAX_WAITING || paged.items.value.length > MAX_ROWS) return void restart()
    const known = new Set(paged.items.value.map((a) => a.id))
    paged.items.value = [...arrived.value.filter((a) => !known.has(a.id)), ...paged.items.value]
    arrived.value = []
  }

  onStreamBatch('alert', (batch) => {
    const fitting = batch.filter((item) => alertMatches(item, filters.value))
    if (fitting.length === 0) return
    arrived.value = [...fitting.reverse(), ...arrived.value].slice(0, MAX_WAITING)
    if (paged.items.value.length === 0 && !paged.isLoading.value) showWaiting()
  })
  onStream('reset', () => void restart())
  watch(filters, () => void restart())

  return { ...paged, waiting, restart, showWaiting }
}
