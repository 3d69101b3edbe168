package dev.cantilever.hubclient;

/**
 * What a push has made.
 *
 * @param commit id of the commit, in full
 * @param url of the commit's page
 * @param files in the commit
 * @param bytes of them
 * @param uploaded bytes that the hub did not have yet as LFS objects
 */
public record PushSummary(String commit, String url, int files, long bytes, long uploaded) {}
