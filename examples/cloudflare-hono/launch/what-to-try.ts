/** A few lines for a person who has just started it. */
export function whatToTry(url: string, other: string | undefined): string {
  const lines = [
    '',
    `  The page                ${url}/`,
    `  A miss, then a hit      curl -i '${url}/cities?q=san&min_population=100000'`,
    `  A write                 curl -X POST -H 'content-type: application/json' -d '{"name":"Ada"}' ${url}/users/42`,
    `  The scheduled clean-up  curl '${url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*'`,
  ]
  if (other) lines.push(`  From Redis              curl -i '${other}/cities?q=san&min_population=100000'`)
  return [...lines, '', 'Ctrl-C stops everything.'].join('\n')
}
