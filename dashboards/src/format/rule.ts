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
