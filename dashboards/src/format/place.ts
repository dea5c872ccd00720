// SPDX-License-Identifier: Apache-2.0
// A place name from what the sensor's database said; country codes are spelled out by the browser.
import type { Endpoint } from '@/api/types'

export function placeOf(end: Endpoint, language: 'zh' | 'en'): string {
  const country = end.country ? countryName(end.country, language) : ''
  return [country, end.city].filter(Boolean).join(' · ')
}

function countryName(code: string, language: 'zh' | 'en'): string {
  try {
    const names = new Intl.DisplayNames([language === 'zh' ? 'zh-CN' : 'en'], { type: 'region' })
    return `${names.of(code) ?? code} ${code}`
  } catch {
    return code // not a region code at all
  }
}
