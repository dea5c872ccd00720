// SPDX-License-Identifier: Apache-2.0
// How far a legal clock has run. The steps 50, 80 and 100 % are those the collector alarms at.
export type ClockLevel = 'promptly' | 'calm' | 'half' | 'soon' | 'over'

export interface ClockReading {
  level: ClockLevel
  remainingMs: number
  fraction: number
}

export function readClock(dueAt: string | null, limitS: number | null, now: number): ClockReading {
  if (dueAt === null) return { level: 'promptly', remainingMs: 0, fraction: 0 }
  const remainingMs = Date.parse(dueAt) - now
  const fraction = limitS ? Math.max(0, 1 - remainingMs / (limitS * 1000)) : Number(remainingMs <= 0)
  return { level: levelOf(remainingMs, fraction), remainingMs, fraction: Math.min(1, fraction) }
}

function levelOf(remainingMs: number, fraction: number): ClockLevel {
  if (remainingMs <= 0) return 'over'
  if (fraction >= 0.8) return 'soon'
  return fraction >= 0.5 ? 'half' : 'calm'
}
