/** The smallest honest PDF: one page of Helvetica lines. Enough for a person to open a sandbox invoice. */
export function onePagePdf(lines: string[]): Uint8Array<ArrayBuffer> {
  const text = lines
    .map((line) =>
      line
        .normalize('NFKD')
        .replace(/[^\x20-\x7e]/g, ' ')
        .replace(/[\\()]/g, '\\$&'),
    )
    .map((line, index) => `BT /F1 ${index === 0 ? 18 : 11} Tf 60 ${780 - index * 22} Td (${line}) Tj ET`)
    .join('\n')
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let file = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = file.length
    file += `${index + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const start = file.length
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return new TextEncoder().encode(file)
}
