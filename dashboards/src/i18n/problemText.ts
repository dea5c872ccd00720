// SPDX-License-Identifier: Apache-2.0
// A problem in the reader's language. The collector's own detail is English and stands beside it.
import { useI18n } from 'vue-i18n'
import type { Problem } from '@/api/problem'

const BY_STATUS: Record<number, string> = {
  0: 'unreachable',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  422: 'invalid',
  429: 'throttled',
  502: 'unreachable',
  504: 'unreachable',
}

export function useProblemText(): (problem: Problem) => string {
  const { t } = useI18n()
  return (problem) => t(`error.${BY_STATUS[problem.status] ?? 'generic'}`)
}
