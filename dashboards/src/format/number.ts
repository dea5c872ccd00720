// SPDX-License-Identifier: Apache-2.0
const grouped = new Intl.NumberFormat('en-US')

export function formatCount(n: number): string {
  return grouped.format(n)
}
