export const licenseJobs = []
