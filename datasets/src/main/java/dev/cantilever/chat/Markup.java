package dev.cantilever.chat;

/**
 * What {@code safe} gives: it prints as its text, and escapes what is joined to it, as ours not.
 */
record Markup(String text) {}
