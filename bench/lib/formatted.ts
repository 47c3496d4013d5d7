/** Text as the repository's formatter wants it, so that what is written can be committed. */
import { format, resolveConfig } from 'prettier'

export async function formatted(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file })
}
