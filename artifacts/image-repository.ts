/**
 * An image's name in a repository that holds all images: its last name there, as kubeadm has it for `imageRepository`, with its tag.
 * The name itself where there is no such repository. A unit test compares the last names of all locks: no two are the same.
 */
export function inRepository(reference: string, repository: string | undefined): string {
  return repository === undefined ? reference : `${repository}/${reference.slice(reference.lastIndexOf("/") + 1)}`;
}
