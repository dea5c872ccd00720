// SPDX-License-Identifier: Apache-2.0
// One thing that is fetched and can be fetched again.
import { ref, shallowRef } from 'vue'
import { Problem } from './problem'

export function useLoaded<T>(fetchOne: () => Promise<T>) {
  const data = shallowRef<T | null>(null)
  const problem = ref<Problem | null>(null)
  const isLoading = ref(false)
  let generation = 0

  async function load(): Promise<void> {
    const mine = ++generation
    isLoading.value = true
    try {
      const answer = await fetchOne()
      if (mine !== generation) return
      data.value = answer
      problem.value = null
    } catch (error) {
      if (mine === generation) problem.value = Problem.from(error)
    } finally {
      if (mine === generation) isLoading.value = false
    }
  }

  return { data, problem, isLoading, load }
}
