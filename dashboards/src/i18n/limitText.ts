// SPDX-License-Identifier: Apache-2.0
// A legal limit in the largest unit that divides it: 30 minutes, 1 hour, 30 days.
import { useI18n } from 'vue-i18n'

export function useLimitText(): (seconds: number | null) => string {
  const { t } = useI18n()
  return (seconds) => {
    if (seconds === null) return t('clock.promptly')
    if (seconds % 86_400 === 0 && seconds > 86_400) return t('clock.days', { n: seconds / 86_400 })
    if (seconds % 3_600 === 0) return t('clock.hours', { n: seconds / 3_600 })
    return t('clock.minutes', { n: Math.round(seconds / 60) })
  }
}
