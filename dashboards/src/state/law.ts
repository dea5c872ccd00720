// SPDX-License-Identifier: Apache-2.0
// The rule data in force: labels in both languages, and whether each number was verified.
import { ref } from 'vue'
import { api, must } from '@/api/client'
import type { Grade, Law } from '@/api/types'
import { language } from './preferences'

const law = ref<Law | null>(null)
let pending: Promise<void> | null = null

export function loadLaw(): Promise<void> {
  pending ??= must(api.GET('/api/v1/law'))
    .then((data) => {
      law.value = data
    })
    .catch(() => {
      pending = null // asked again by the next page; labels fall back to the Chinese originals
    })
  return pending
}

export function useLaw() {
  return law
}

export function gradeLabel(grade: Grade): string {
  if (language.value === 'zh') return grade
  return law.value?.grades.find((g) => g.grade === grade)?.name_en ?? grade
}

export function stateLabel(state: string): string {
  const row = law.value?.states.find((s) => s.state === state)
  if (!row) return state
  return language.value === 'zh' ? row.name_zh : row.name_en
}

export function categoryLabel(key: string | null): string {
  if (!key) return ''
  const row = law.value?.categories.find((c) => c.key === key)
  if (!row) return key
  return language.value === 'en' && row.name_en ? row.name_en : row.name_zh
}
