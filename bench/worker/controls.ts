/** What the benchmark does to an isolate: empties its memory, and puts its clock forward so that lifetimes end when it wants. */
import type { Hono } from 'hono'

let passed = 0
const clock = Date.now.bind(Date)
Date.now = () => clock() + passed

export function withControls(app: Hono, forget: () => void): Hono {
  app.get('/forget', (c) => {
    forget()
    return c.text('memory is empty')
  })
  app.get('/pass/:seconds', (c) => {
    passed += Number(c.req.param('seconds')) * 1000
    return c.text('it is later')
  })
  return app
}
