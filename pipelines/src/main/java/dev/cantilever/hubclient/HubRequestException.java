package dev.cantilever.hubclient;

/** What was asked of the hub does not exist, is not allowed or is not well formed. */
public final class HubRequestException extends HubException {

  private static final long serialVersionUID = 1L;

  /** With what was expected, found and to be done. */
  public HubRequestException(String message) {
    super(message);
  }
}
