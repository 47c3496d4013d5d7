/**
 * What a client sent, checked. A value that cannot be meant is a 400 that says what is allowed.
 * @module
 */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

interface Range {
  min: number
  max: number
  /** Taken when the client sent nothing. */
  fallback?: number
}

/** A whole number within a range. */
export function integer(value: unknown, name: string, { min, max, fallback }: Range): number {
  if ((value === undefined || value === '') && fallback !== undefined) return fallback
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number
  throw new HTTPException(400, { message: `\`${name}\` must be a whole number from ${min} to ${max}` })
}

/** A text, trimmed, of a bounded length. */
export function text(value: unknown, name: string, { min, max }: { min: number; max: number }): string {
  const trimmed = typeof value === 'string' ? value.trim() : ''
  if (trimmed.length >= min && trimmed.length <= max) return trimmed
  throw new HTTPException(400, { message: `\`${name}\` must be a text of ${min} to ${max} characters` })
}

/** One of a fixed list. */
export function oneOf<const T extends string>(value: unknown, name: string, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === value)
  if (found !== undefined) return found
  throw new HTTPException(400, { message: `\`${name}\` must be one of: ${allowed.join(', ')}` })
}

/** The fields of a JSON body. */
export async function jsonBody(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => undefined)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  throw new HTTPException(400, { message: 'send a JSON object as the body' })
}
