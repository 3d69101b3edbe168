package dev.cantilever.chat.jinja;

import jinjava.de.odysseus.el.tree.Bindings;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.de.odysseus.el.tree.impl.ast.AstRightValue;
import jinjava.javax.el.ELContext;
import org.jspecify.annotations.Nullable;

/** A part of an expression whose value is computed by Python's rules. */
final class Computed extends AstRightValue {

  /** How the value comes about. */
  interface Rule {
    @Nullable Object of(Bindings bindings, ELContext context);
  }

  private final Rule rule;

  Computed(Rule rule) {
    this.rule = rule;
  }

  @Override
  public @Nullable Object eval(Bindings bindings, ELContext context) {
    return rule.of(bindings, context);
  }

  @Override
  public void appendStructure(StringBuilder text, Bindings bindings) {
    text.append("...");
  }

  @Override
  public int getCardinality() {
    return 0;
  }

  @Override
  public @Nullable AstNode getChild(int i) {
    return null;
  }
}
