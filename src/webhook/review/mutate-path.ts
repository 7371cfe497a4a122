/** Path of the HTTPS server to which the API server sends reviews, by the registration. */
export const MUTATE_PATH = '/mutate';
