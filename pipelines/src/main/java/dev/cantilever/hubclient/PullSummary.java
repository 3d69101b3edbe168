package dev.cantilever.hubclient;

/**
 * What a pull has brought.
 *
 * @param commit of the revision, in full
 * @param files that the directory has of it
 * @param kept of them, those that were there already
 * @param skipped files of the repository that no command here reads
 * @param bytes of the files
 */
public record PullSummary(String commit, int files, int kept, int skipped, long bytes) {}
