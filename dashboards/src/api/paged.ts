// SPDX-License-Identifier: Apache-2.0
// A list that is read page by page (keyset paging) and can be started over.
//
// An answer that arrives after the list was started over belongs to the old question and is
// thrown away; otherwise a slow answer could show rows that do not match the filters.
import { ref, shallowRef } from 'vue'
import { Problem } from './problem'

interface Page<T> {
  items: T[]
  next: string | null
}

export function usePaged<T>(fetchPage: (after: string | undefined) => Promise<Page<T>>) {
  const items = shallowRef<T[]>([])
  const isLoading = ref(false)
  const isDone = ref(false)
  const problem = ref<Problem | null>(null)
  let next: string | undefined
  let generation = 0

  async function load(): Promise<void> {
    if (isLoading.value || isDone.value) return
    const mine = generation
    isLoading.value = true
    try {
      const page = await fetchPage(next)
      if (mine !== generation) return
      items.value = [...items.value, ...page.items]
      next = page.next ?? undefined
      isDone.value = page.next === null
      problem.value = null
    } catch (error) {
      if (mine === generation) problem.value = Problem.from(error)
    } finally {
      if (mine === generation) isLoading.value = false
    }
  }

  async function restart(): Promise<void> {
    generation += 1
    next = undefined
    items.value = []
    isDone.value = false
    isLoading.value = false
    problem.value = null
    await load()
  }

  return { items, isLoading, isDone, problem, load, restart }
}
