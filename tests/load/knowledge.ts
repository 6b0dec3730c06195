// `pnpm bench:knowledge`: what people do with a help of 10,000 articles.

import { DOING_OPTIONS, runDoings } from './doings.ts'
import { helpDoings } from './knowledge-doings.ts'
import { openHelp } from './made-up.ts'
import { number, readOptions } from './options.ts'
import { say } from './report.ts'
import { whole } from './turns.ts'

const options = readOptions(
  'knowledge',
  'what people do with a help of 10,000 articles: how long it takes, what it costs, and by which plans PostgreSQL answers.\nFails when one of them reads a large table from end to end.',
  { ...DOING_OPTIONS, count: number('articles (10000)') },
)
const count = options.count ?? (options.quick ? 1_000 : 10_000)
await using data = await openHelp(count, options.dir)
const { articles, versions, feedback, deflections, searches, seconds, indexSeconds } = data.loaded
say(
  `${whole(articles)} articles, ${whole(versions)} versions, ${whole(feedback)} voices, ${whole(deflections)} deflections, ${whole(searches)} searches, loaded in ${seconds.toFixed(0)} s, of which ${indexSeconds.toFixed(0)} s for the index`,
)
await runDoings(data, {
  options,
  doingsOf: helpDoings,
  requests: options.quick ? 300 : 4_000,
  large: [
    'articles',
    'article_versions',
    'article_search',
    'article_words',
    'article_word_lists',
    'article_feedback',
    'article_deflections',
    'knowledge_searches',
  ],
  small: count < 10_000,
})
