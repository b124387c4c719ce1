/** Shell scripts that run in the container when its deploy comes and goes. A failure only warns. (LAY-95) */
export interface Hooks {
  /** Run after the deploy was set up and started. */
  readonly postEnable?: string
  /** Run before the deploy is stopped and removed. */
  readonly preRemove?: string
}
