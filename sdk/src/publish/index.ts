export { type Finding, findingLine } from './finding.ts'
export { type Packed, type PackOptions, packExtension } from './pack.ts'
export { type PublishOptions, publishPackage, type Submission, watchSubmission } from './publish.ts'
export { type PackageIdentity, type ValidateOptions, type Validation, validatePackage } from './validate.ts'
