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

export function hitsOf(alert: AlertDetail, payload: Uint8Array): Hits {
  const direct = alert.payload?.matches ?? []
  if (direct.length > 0) return { reported: alert.matches, marked: direct, isSearched: false }
  const options = alert.rule ? splitRule(alert.rule).options : []
  return { reported: alert.matches, marked: locateContents(options, payload), isSearched: true }
}
