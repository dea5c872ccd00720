// SPDX-License-Identifier: Apache-2.0
// What this browser remembers of its user: language and theme. Nothing else is stored.
import { ref, watch } from 'vue'

export type Language = 'zh' | 'en'
export type Theme = 'dark' | 'light'

function remembered<T extends string>(key: string, allowed: readonly T[], fallback: T) {
  let stored: string | null = null
  try {
    stored = localStorage.getItem(key)
  } catch {
    // storage may be forbidden by policy; the default then holds for this visit
  }
  const value = ref(allowed.find((a) => a === stored) ?? fallback)
  watch(value, (now) => {
    try {
      localStorage.setItem(key, now)
    } catch {
      // as above
    }
  })
  return value
}

export const language = remembered<Language>('guan.language', ['zh', 'en'], 'zh')
export const theme = remembered<Theme>('guan.theme', ['dark', 'light'], 'dark')
