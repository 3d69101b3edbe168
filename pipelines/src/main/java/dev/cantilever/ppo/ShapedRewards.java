package dev.cantilever.ppo;

/**
 * The rewards of a batch and what they are made of, all over the same response tokens.
 *
 * @param klTerms k_t
 * @param nonScoreRewards {@code -β·k_t}
 * @param rewards the same, with each row's score added at its last token
 */
public record ShapedRewards(TokenRows klTerms, TokenRows nonScoreRewards, TokenRows rewards) {}
