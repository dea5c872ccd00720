// SPDX-License-Identifier: Apache-2.0
// The present moment by the collector's clock, ticking once a second.
//
// Legal deadlines run by the collector's disciplined clock. A workstation that is minutes off
// would show wrong countdowns, so the difference is measured and taken away, and shown.
import { readonly, ref } from 'vue'
import type { Health } from '@/api/types'
import { api, must } from '@/api/client'

const now = ref(Date.now())
const offsetMs = ref(0)
const health = ref<Health | null>(null)
const isReachable = ref(true)
let ticker = 0
let pollTimer = 0
const POLL_MS = 60_000

export const nowMs = readonly(now)
export const clockOffsetMs = readonly(offsetMs)
export const collectorHealth = readonly(health)
export const collectorReachable = readonly(isReachable)

export function startClock(): void {
  if (ticker) return
  ticker = window.setInterval(() => {
    now.value = Date.now() + offsetMs.value
  }, 1000)
  void poll()
  pollTimer = window.setInterval(() => void poll(), POLL_MS)
}

export function stopClock(): void {
  window.clearInterval(ticker)
  window.clearInterval(pollTimer)
  ticker = 0
}

async function poll(): Promise<void> {
  const asked = Date.now()
  try {
    const answer = await must(api.GET('/api/v1/health'))
    const middle = asked + (Date.now() - asked) / 2
    const measured = Date.parse(answer.time) - middle
    offsetMs.value = Number.isFinite(measured) ? measured : 0
    health.value = answer
    isReachable.value = true
  } catch {
    isReachable.value = false
  }
}
