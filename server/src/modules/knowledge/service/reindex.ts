import type { Ctx } from '../../../context.ts'
import { inTx } from '../../../tx.ts'
import { dictionaryOf } from '../locales.ts'
import { pagePublished } from '../queries/articles.ts'
import { lockIndex, replaceWords, stemsOf, upsertIndexed, type WordCount } from '../queries/index-words.ts'
import { cutArticle } from '../text/cut.ts'
import { audienceOf } from '../viewer.ts'
import { lineOf } from './index-article.ts'

const BATCH = 200

/**
 * Writes the index anew, as the present code cuts words, and counts them: what is only moved up and down would drift with each change of
 * that code. Readers see the old one until it is done; who publishes meanwhile waits.
 */
export async function reindexArticles(ctx: Ctx): Promise<void> {
  await inTx(ctx, async (ctx) => {
    await lockIndex(ctx.db)
    const stems = new Map<string, Map<string, string>>()
    const counts = new Map<string, WordCount>()
    for (let after = ''; ; ) {
      const rows = await pagePublished(ctx.db, { after, limit: BATCH })
      for (const { article, version } of rows) {
        const { locale } = article
        const words = cutArticle(version)
        const known = stems.get(locale) ?? new Map<string, string>()
        stems.set(locale, known)
        const unknown = words.map(({ word }) => word).filter((word) => !known.has(word))
        for (const word of unknown) known.set(word, '')
        for (const [word, stem] of await stemsOf(ctx.db, dictionaryOf(locale), unknown)) known.set(word, stem)
        const own = new Map(
          words.flatMap(({ word }) => (known.get(word) ? [[word, known.get(word) ?? '']] : [])),
        )
        await upsertIndexed(ctx.db, lineOf(article, version, { words, stems: own }))
        count(counts, { locale, audience: audienceOf(version.visibility), stems: own })
      }
      const last = rows.at(-1)
      if (rows.length < BATCH || !last) break
      after = last.article.id
    }
    await replaceWords(ctx.db, [...counts.values()])
  })
}

function count(
  counts: Map<string, WordCount>,
  { locale, audience, stems }: { locale: string; audience: number; stems: Map<string, string> },
): void {
  for (const [word, stem] of [...stems, ['', ''] as const]) {
    const key = `${locale}/${word}`
    const known = counts.get(key) ?? { locale, word, stem, publicCount: 0, customerCount: 0, agentCount: 0 }
    counts.set(key, known)
    if (audience <= 0) known.publicCount++
    if (audience <= 1) known.customerCount++
    known.agentCount++
  }
}
