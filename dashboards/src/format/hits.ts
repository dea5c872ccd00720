// SPDX-License-Identifier: Apache-2.0
// Which bytes of the payload to mark, and who says so.
import type { AlertDetail } from '@/api/types'
import type { ByteRange } from './bytes'
import { locateContents } from './contents'
import { splitRule } from './rule'

export interface Hits {
  /* What the sensor reported, with the buffer each offset counts in. */
  reported: ByteRange[]
  /* Ranges within the payload. */
  marked: ByteRange[]
  /* The marks come from searching for the rule's contents, not from the sensor. */
  isSearched: boolean
}

// Offsets in these buffers are offsets in the payload as recorded.
const RAW_BUFFERS = new Set(['payload', 'stream', 'pkt_data'])

export function hitsOf(alert: AlertDetail, payload: Uint8Array): Hits {
  const reported = alert.payload?.matches.length ? alert.payload.matches : hitsOfRecord(alert.record)
  const direct = reported.filter((h) => h.buffer === undefined || RAW_BUFFERS.has(h.buffer))
  if (direct.length > 0) return { reported, marked: direct, isSearched: false }
  const options = alert.rule ? splitRule(alert.rule).options : []
  return { reported, marked: locateContents(options, payload), isSearched: true }
}

function hitsOfRecord(record: unknown): ByteRange[] {
  const hits = (record as { guan?: { hits?: unknown } } | null)?.guan?.hits
  if (!Array.isArray(hits)) return []
  return hits.filter(isRange).map((h) => ({ offset: h.offset, length: h.length, buffer: h.buffer }))
}

function isRange(value: unknown): value is ByteRange {
  const v = value as Partial<ByteRange> | null
  return (
    typeof v?.offset === 'number' && typeof v.length === 'number' && (v.buffer === undefined || typeof v.buffer === 'string')
  )
}
