// SPDX-License-Identifier: Apache-2.0
// One change asked of the collector: busy while it runs, its problem when it failed.
import { ref } from 'vue'
import { Problem } from './problem'

export function useStep() {
  const isBusy = ref(false)
  const problem = ref<Problem | null>(null)

  async function run<T>(step: () => Promise<T>): Promise<T | undefined> {
    if (isBusy.value) return undefined // a second click is the same wish, not a second one
    isBusy.value = true
    problem.value = null
    try {
      return await step()
    } catch (error) {
      problem.value = Problem.from(error)
      return undefined
    } finally {
      isBusy.value = false
    }
  }

  return { isBusy, problem, run }
}
