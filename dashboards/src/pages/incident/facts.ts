// SPDX-License-Identifier: Apache-2.0
// The facts of harm a person may record, in the order of the grading rows G1 to G8.
import type { Facts } from '@/api/types'

export type FactKey = Exclude<keyof Facts, 'why'>
export type FactValue = number | string | null

export interface FactField {
  key: FactKey
  options?: readonly string[]
  max?: number
}

export const FACT_FIELDS: readonly FactField[] = [
  { key: 'cii_outage_whole_min' },
  { key: 'cii_outage_main_min' },
  { key: 'portal_down_min' },
  { key: 'portal_level', options: ['province', 'prefecture', 'other'] },
  { key: 'people_affected' },
  { key: 'people_share_province_pct', max: 100 },
  { key: 'people_share_prefecture_pct', max: 100 },
  { key: 'data_threat', options: ['特别严重', '严重', '较严重'] },
  { key: 'pi_count' },
  { key: 'tamper_home_min' },
  { key: 'tamper_other_min' },
  { key: 'tamper_reposts' },
  { key: 'tamper_views' },
  { key: 'loss_cny' },
  { key: 'system_loss', options: ['大面积瘫痪', '局部瘫痪', '中断'] },
]
