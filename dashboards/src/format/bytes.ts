// SPDX-License-Identifier: Apache-2.0
// Bytes of evidence: decoding base64, marks as non-overlapping spans, text in two encodings.
export interface ByteRange {
  offset: number
  length: number
  buffer?: string
}

export function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  } catch {
    return new Uint8Array() // the raw record below still shows what was sent
  }
}

/* One flag for each byte: is it part of a match? Ranges beyond the payload are cut. */
export function markBytes(length: number, ranges: readonly ByteRange[]): Uint8Array {
  const marks = new Uint8Array(length)
  for (const range of ranges) {
    const start = Math.max(0, Math.min(range.offset, length))
    marks.fill(1, start, Math.min(length, start + Math.max(0, range.length)))
  }
  return marks
}

export type TextEncodingName = 'utf-8' | 'gb18030'

export interface TextRun {
  text: string
  isMarked: boolean
}

/* Decodes marked and unmarked stretches apart, so a mark never shifts by a multi-byte letter. */
export function decodeRuns(bytes: Uint8Array, marks: Uint8Array, encoding: TextEncodingName): TextRun[] {
  const decoder = new TextDecoder(encoding)
  const runs: TextRun[] = []
  for (let start = 0; start < bytes.length; ) {
    let end = start + 1
    while (end < bytes.length && marks[end] === marks[start]) end++
    runs.push({ text: visible(decoder.decode(bytes.subarray(start, end))), isMarked: marks[start] === 1 })
    start = end
  }
  return runs
}

/* Control characters as their pictures, so that hostile text cannot hide or move anything. */
function visible(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/[\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '\u00b7')
}

export function toHex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

export function toAscii(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'
}
