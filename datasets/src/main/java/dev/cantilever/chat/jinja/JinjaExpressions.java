package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import dev.cantilever.chat.python.TemplateRefusal;
import jinjava.de.odysseus.el.ExpressionFactoryImpl;
import jinjava.de.odysseus.el.tree.TreeStore;
import jinjava.de.odysseus.el.tree.impl.Builder;
import jinjava.de.odysseus.el.tree.impl.Cache;
import jinjava.de.odysseus.el.tree.impl.Parser;
import jinjava.de.odysseus.el.tree.impl.Parser.ParseException;
import jinjava.de.odysseus.el.tree.impl.Scanner.ScanException;
import jinjava.javax.el.ExpressionFactory;

/** Jinjava whose expressions are Jinja's, with Python's values. */
final class JinjaExpressions extends Jinjava {

  private static final int EXPRESSIONS_KEPT = 1000;
  private static final Builder BUILDER = new JinjaBuilder();

  private final ExpressionFactory factory =
      new ExpressionFactoryImpl(new TreeStore(BUILDER, new Cache(EXPRESSIONS_KEPT)));

  JinjaExpressions(JinjavaConfig config) {
    super(config);
  }

  @Override
  public ExpressionFactory getExpressionFactory() {
    return factory;
  }

  /**
   * Parses an expression, as Jinja does of every one before it renders any.
   *
   * @param isConditional whether it may not be reached; else it names no filter or test that Jinja
   *     does not know
   * @throws TemplateRefusal if it is none
   */
  static void check(String expression, boolean isConditional) {
    JinjaParser parser = new JinjaParser(BUILDER, "#{" + expression + "}");
    try {
      parser.tree();
    } catch (ScanException | ParseException e) {
      throw new TemplateRefusal(
          "a chat template in Jinja",
          expression + " (" + e.getMessage() + ")",
          "Compare it with the model's own");
    }
    if (!isConditional && !parser.unknown().isEmpty()) {
      throw TemplateRefusal.failing(String.join(", ", parser.unknown()) + " in " + expression);
    }
  }

  private static final class JinjaBuilder extends Builder {

    private static final long serialVersionUID = 1L;

    JinjaBuilder() {
      super(Feature.METHOD_INVOCATIONS, Feature.VARARGS);
    }

    @Override
    protected Parser createParser(String expression) {
      return new JinjaParser(this, expression);
    }
  }
}
