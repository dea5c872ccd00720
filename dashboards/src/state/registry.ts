// SPDX-License-Identifier: Apache-2.0
// Facilities and zones for the filter menus. Fetched when first needed, then kept.
import { computed, ref } from 'vue'
import { api, must } from '@/api/client'
import type { Facility } from '@/api/types'

// A menu longer than this is not a menu; the page of facilities itself reads on.
const MAX_FACILITIES = 1_000

// Critical infrastructure below this MLPS level must be graded, filed and assessed anew.
export const CII_MLPS_MIN = 3

const facilities = ref<Facility[]>([])
const sensorZones = ref<string[]>([])
let pending: Promise<void> | null = null

export const knownFacilities = computed(() => facilities.value)
export const knownZones = computed(() => [...new Set([...sensorZones.value, ...facilities.value.flatMap((f) => f.zones)])].sort())

export function loadRegistry(): Promise<void> {
  pending ??= fetchAll().catch(() => {
    pending = null // the menus stay short until the next page asks again
  })
  return pending
}

async function fetchAll(): Promise<void> {
  const sensors = await must(api.GET('/api/v1/sensors', { params: { query: { limit: 200 } } }))
  sensorZones.value = sensors.items.flatMap((s) => s.zones)
  const all: Facility[] = []
  let after: string | undefined
  do {
    const page = await must(api.GET('/api/v1/facilities', { params: { query: { limit: 200, after } } }))
    all.push(...page.items)
    after = page.next ?? undefined
  } while (after !== undefined && all.length < MAX_FACILITIES)
  facilities.value = all
}
