import { defineErrors, error } from '../../errors/define.ts'

export const knowledgeErrors = defineErrors({
  ARTICLE_NOT_FOUND: error<{ article: string }>('NOT_FOUND', 'There is no such article.'),
  ARTICLE_NOT_REVIEWED: error<{ article: string }>(
    'CONFLICT',
    'This text is as it came from a ticket. Read it, take out what names people, and change it before you publish it.',
  ),
  ARTICLE_SLUG_TAKEN: error<{ slug: string; locale: string }>(
    'CONFLICT',
    'There is an article of this name in this language already. Choose another name, or change that article.',
  ),
})
