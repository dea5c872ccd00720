// SPDX-License-Identifier: Apache-2.0
// A rule text taken apart for reading. Nothing is interpreted beyond quotes and escapes.
export interface RuleOption {
  name: string
  value: string | null
  looks: boolean
}

export interface RuleParts {
  head: string
  options: RuleOption[]
}

// What a reader looks up, not what makes the rule fire: together at the end, small.
const NOTES = new Set(['msg', 'reference', 'classtype', 'metadata', 'sid', 'rev', 'gid', 'priority', 'target'])

/* Lines as one would write them by hand: a content with its modifiers, a buffer on its own. */
export function ruleLines(options: readonly RuleOption[]): { lines: RuleOption[][]; notes: RuleOption[] } {
  const lines: RuleOption[][] = []
  for (const option of options) {
    if (NOTES.has(option.name)) continue
    const last = lines.at(-1)
    if (last?.[0]?.looks && MODIFIERS.has(option.name)) last.push(option)
    else lines.push([option])
  }
  return { lines, notes: options.filter((o) => NOTES.has(o.name) && o.name !== 'msg') }
}

const MODIFIERS = new Set([
  'nocase', 'distance', 'within', 'offset', 'depth', 'fast_pattern', 'startswith', 'endswith', 'rawbytes', 'isdataat',
])
const LOOKS = new Set(['content', 'pcre', 'uricontent', 'byte_test', 'dsize', 'dataset', 'flowbits', 'threshold', 'detection_filter'])

export function splitRule(text: string): RuleParts {
  const open = text.indexOf('(')
  if (open < 0) return { head: text, options: [] }
  const close = text.lastIndexOf(')')
  const body = text.slice(open + 1, close > open ? close : undefined)
  return { head: text.slice(0, open).trim(), options: splitOptions(body).map(toOption) }
}

/* At every semicolon that is neither quoted nor escaped. */
function splitOptions(body: string): string[] {
  const result: string[] = []
  let isQuoted = false
  let start = 0
  for (let i = 0; i < body.length; i++) {
    if (body[i] === '\\') i++
    else if (body[i] === '"') isQuoted = !isQuoted
    else if (body[i] === ';' && !isQuoted) {
      result.push(body.slice(start, i).trim())
      start = i + 1
    }
  }
  result.push(body.slice(start).trim())
  return result.filter((option) => option !== '')
}

function toOption(text: string): RuleOption {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  return { name, value: colon < 0 ? null : text.slice(colon + 1), looks: LOOKS.has(name) }
}
