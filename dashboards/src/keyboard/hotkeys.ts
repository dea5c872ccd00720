// SPDX-License-Identifier: Apache-2.0
// Single-key commands. They are silent while somebody types or a dialog is open, and when a
// modifier is held, so the browser's own shortcuts keep working.
import { onBeforeUnmount, onMounted } from 'vue'

export type Hotkeys = Record<string, () => void>

// Two-key commands such as "g a": the prefix is forgotten after this long.
const PREFIX_MS = 1_200

export function useHotkeys(keys: Hotkeys): void {
  let prefix = ''
  let prefixAt = 0

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (isBusy(event.target)) return
    const isFresh = prefix !== '' && event.timeStamp - prefixAt < PREFIX_MS
    const command = (isFresh && keys[`${prefix} ${event.key}`]) || (!isFresh && keys[event.key])
    prefix = ''
    if (command) {
      event.preventDefault()
      command()
    } else if (Object.keys(keys).some((k) => k.startsWith(`${event.key} `))) {
      prefix = event.key
      prefixAt = event.timeStamp
    }
  }

  onMounted(() => window.addEventListener('keydown', onKey))
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey))
}

function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) ||
    target.closest('[role="dialog"], [role="listbox"], [role="menu"]') !== null
  )
}
