// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '@/api/types'

export function formatEndpoint(end: Endpoint): string {
  if (end.ip === null) return '—'
  if (end.port === null) return end.ip
  return end.ip.includes(':') ? `[${end.ip}]:${end.port}` : `${end.ip}:${end.port}`
}
