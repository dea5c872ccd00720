// SPDX-License-Identifier: Apache-2.0
// j and k walk a list, Enter opens. The selection is kept by key, not by index, so that rows
// arriving above do not move it to another row.
import { computed, ref, type Ref } from 'vue'
import { useHotkeys } from './hotkeys'

export type RowKey = string | number

export function useListKeys<T>(rows: Ref<readonly T[]>, keyOf: (row: T) => RowKey, open: (row: T) => void) {
  const selected = ref<RowKey | null>(null)
  const index = computed(() => rows.value.findIndex((row) => keyOf(row) === selected.value))

  function move(step: number): void {
    if (rows.value.length === 0) return
    const next = index.value < 0 ? 0 : Math.min(Math.max(index.value + step, 0), rows.value.length - 1)
    selected.value = keyOf(rows.value[next]!)
  }

  function openSelected(): void {
    const row = rows.value[index.value]
    if (row !== undefined) open(row)
  }

  useHotkeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: openSelected,
  })
  return { selected, index }
}
