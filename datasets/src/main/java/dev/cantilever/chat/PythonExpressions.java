package dev.cantilever.chat;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.el.TruthyTypeConverter;
import com.hubspot.jinjava.el.ext.AdditionOperator;
import com.hubspot.jinjava.el.ext.ExtendedParser;
import com.hubspot.jinjava.el.ext.StringConcatOperator;
import jinjava.de.odysseus.el.ExpressionFactoryImpl;
import jinjava.de.odysseus.el.tree.TreeStore;
import jinjava.de.odysseus.el.tree.impl.Builder;
import jinjava.de.odysseus.el.tree.impl.Cache;
import jinjava.de.odysseus.el.tree.impl.Parser;
import jinjava.de.odysseus.el.tree.impl.ast.AstBinary;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.javax.el.ExpressionFactory;

/** Jinjava whose operators of two values are Python's where the two differ. */
final class PythonExpressions extends Jinjava {

  private static final int EXPRESSIONS_KEPT = 1000;

  private final ExpressionFactory factory =
      new ExpressionFactoryImpl(
          new TreeStore(new PythonBuilder(), new Cache(EXPRESSIONS_KEPT)),
          new TruthyTypeConverter());

  PythonExpressions(JinjavaConfig config) {
    super(config);
  }

  @Override
  public ExpressionFactory getExpressionFactory() {
    return factory;
  }

  private static final class PythonBuilder extends Builder {

    private static final long serialVersionUID = 1L;

    PythonBuilder() {
      super(Feature.METHOD_INVOCATIONS, Feature.VARARGS);
    }

    @Override
    protected Parser createParser(String expression) {
      return new PythonParser(this, expression);
    }
  }

  private static final class PythonParser extends ExtendedParser {

    PythonParser(Builder builder, String expression) {
      super(builder, expression);
      putExtensionHandler(StringConcatOperator.TOKEN, new JoinHandler());
    }

    @Override
    protected AstBinary createAstBinary(AstNode left, AstNode right, AstBinary.Operator operator) {
      return super.createAstBinary(left, right, pythons(operator));
    }

    private static AstBinary.Operator pythons(AstBinary.Operator operator) {
      if (operator == AdditionOperator.OP) {
        return PythonOperators.SUM;
      }
      if (operator == AstBinary.AND) {
        return PythonOperators.AND;
      }
      if (operator == AstBinary.EQ) {
        return PythonOperators.EQUAL;
      }
      if (operator == AstBinary.NE) {
        return PythonOperators.UNEQUAL;
      }
      return operator;
    }
  }

  private static final class JoinHandler extends Parser.ExtensionHandler {

    JoinHandler() {
      super(Parser.ExtensionPoint.ADD);
    }

    @Override
    public AstNode createAstNode(AstNode... children) {
      return new AstBinary(children[0], children[1], PythonOperators.JOINED);
    }
  }
}
