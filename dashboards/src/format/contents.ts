// SPDX-License-Identifier: Apache-2.0
// Finds in raw bytes what the `content` options of a rule look for.
//
// The sensor tells where it matched inside the buffer it inspected. A normalised buffer (a
// decoded URI, an unchunked body) is not part of the payload, so its offsets cannot be marked
// there. Looking for the same bytes again shows the reader where they come from; the page says
// that this was a search, not the sensor's word.
import type { ByteRange } from './bytes'
import type { RuleOption } from './rule'

interface Pattern {
  bytes: Uint8Array
  ignoresCase: boolean
  isRelative: boolean
}

// Rules have a handful of contents; more than this is not for a reader's eye.
const MAX_PATTERNS = 32

export function locateContents(options: readonly RuleOption[], payload: Uint8Array): ByteRange[] {
  const folded = payload.map(fold)
  const ranges: ByteRange[] = []
  let from = 0
  for (const pattern of patternsOf(options)) {
    const hay = pattern.ignoresCase ? folded : payload
    const at = indexOf(hay, pattern.bytes, pattern.isRelative ? from : 0)
    if (at < 0) continue
    ranges.push({ offset: at, length: pattern.bytes.length })
    from = at + pattern.bytes.length
  }
  return ranges
}

/* Modifiers stand behind their content, up to the next one. */
function patternsOf(options: readonly RuleOption[]): Pattern[] {
  const patterns: Pattern[] = []
  for (const option of options) {
    const last = patterns.at(-1)
    if (option.name === 'content' && option.value !== null) {
      const bytes = parsePattern(option.value)
      if (bytes && patterns.length < MAX_PATTERNS) patterns.push({ bytes, ignoresCase: false, isRelative: false })
    } else if (option.name === 'nocase' && last) {
      last.ignoresCase = true
      last.bytes = last.bytes.map(fold)
    } else if ((option.name === 'distance' || option.name === 'within') && last) {
      last.isRelative = true
    }
  }
  return patterns
}

/* "GET |0d 0a|": quoted text with hex between bars. Null for a negated or malformed one. */
function parsePattern(value: string): Uint8Array | null {
  const quoted = /^"(.*)"$/s.exec(value.trim())?.[1]
  if (quoted === undefined) return null
  const bytes: number[] = []
  const parts = quoted.split('|')
  if (parts.length % 2 === 0) return null
  parts.forEach((part, i) => {
    if (i % 2 === 1) bytes.push(...part.trim().split(/\s+/).map((h) => parseInt(h, 16)))
    else bytes.push(...new TextEncoder().encode(part.replace(/\\(.)/g, '$1')))
  })
  return bytes.length > 0 && bytes.every((b) => b >= 0 && b <= 255) ? Uint8Array.from(bytes) : null
}

function fold(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
}

function indexOf(hay: Uint8Array, needle: Uint8Array, from: number): number {
  for (let at = from; at + needle.length <= hay.length; at++) {
    let i = 0
    while (i < needle.length && hay[at + i] === needle[i]) i++
    if (i === needle.length) return at
  }
  return -1
}
