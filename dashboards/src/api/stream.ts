// SPDX-License-Identifier: Apache-2.0
// The live stream of the collector (server-sent events), shared by all pages.
//
// The browser reconnects by itself and says which event it saw last; what it does not do is
// come back after a refusal (401, 503), so that is retried here, at a growing distance.
import { onScopeDispose, readonly, ref } from 'vue'
import { Problem } from './problem'
import { api, must, sessionIsLost } from './client'
import type { Alert, Case, ClockEvent, IncidentSummary } from './types'

interface StreamEvents {
  alert: Alert
  case: Case
  incident: IncidentSummary
  clock: ClockEvent
  reset: Record<string, never>
}
type EventName = keyof StreamEvents
type Listener = (data: never) => void
export type StreamState = 'closed' | 'connecting' | 'live'

const NAMES: readonly EventName[] = ['alert', 'case', 'incident', 'clock', 'reset']
const BATCH_MS = 150
const RETRY_MIN_MS = 2_000
const RETRY_MAX_MS = 60_000

const listeners = new Map<EventName, Set<Listener>>(NAMES.map((name) => [name, new Set()]))
const state = ref<StreamState>('closed')
let source: EventSource | null = null
let retryMs = RETRY_MIN_MS
let retryTimer = 0
let wasLive = false

export const streamState = readonly(state)

function announce<K extends EventName>(name: K, data: StreamEvents[K]): void {
  for (const listener of listeners.get(name) ?? []) listener(data as never)
}

export function openStream(): void {
  if (source) return
  state.value = 'connecting'
  source = new EventSource('/api/v1/stream')
  source.onopen = () => {
    retryMs = RETRY_MIN_MS
    state.value = 'live'
  }
  source.onerror = () => {
    state.value = 'connecting'
    if (source?.readyState === EventSource.CLOSED) void retryLater()
  }
  for (const name of NAMES)
    source.addEventListener(name, (event) => {
      wasLive = true
      announce(name, JSON.parse((event as MessageEvent<string>).data))
    })
}

async function retryLater(): Promise<void> {
  closeSource()
  state.value = 'connecting'
  window.clearTimeout(retryTimer)
  try {
    await must(api.GET('/api/v1/session')) // tells a lost session apart from a full house
  } catch (error) {
    if (Problem.from(error).status === 401) return sessionIsLost() // which closes this stream
  }
  retryTimer = window.setTimeout(() => {
    openStream()
    // A new connection starts without the id of the last event: what was missed is unknown.
    if (wasLive) announce('reset', {})
  }, retryMs)
  retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
}

function closeSource(): void {
  source?.close()
  source = null
}

export function closeStream(): void {
  window.clearTimeout(retryTimer)
  closeSource()
  state.value = 'closed'
}

/*
 * As onStream, but a burst comes as one list: a scan raises hundreds of alerts a second, and a
 * list drawn anew for each of them would stand still.
 */
export function onStreamBatch<K extends EventName>(name: K, listener: (items: StreamEvents[K][]) => void): void {
  let items: StreamEvents[K][] = []
  let timer = 0
  onStream(name, (item) => {
    items.push(item)
    timer ||= window.setTimeout(() => {
      const batch = items
      items = []
      timer = 0
      listener(batch)
    }, BATCH_MS)
  })
  onScopeDispose(() => window.clearTimeout(timer), true)
}

/* Listens until the calling component is gone. */
export function onStream<K extends EventName>(name: K, listener: (data: StreamEvents[K]) => void): void {
  const set = listeners.get(name)!
  set.add(listener as Listener)
  onScopeDispose(() => set.delete(listener as Listener), true)
}
