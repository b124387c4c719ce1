/** What a name may be: it becomes a file name, a unit name and a build stage. */
export const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/
