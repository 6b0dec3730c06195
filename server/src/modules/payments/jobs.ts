export const paymentJobs = []
