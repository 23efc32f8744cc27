/** Where clients reach a member. */
export const clientUrl = (address: string): string => `https://${address}:2379`;

/** Where other members reach it. */
export const peerUrl = (address: string): string => `https://${address}:2380`;
